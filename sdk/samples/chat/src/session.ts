import './network.js';
import { HongyanClient, IndexedDBStorage } from '@hongyan/sdk';

/** `GET config.json`, which the server answers beside this page. */
export interface SampleConfig {
  readonly appId: string;
  /** Where the server is; absent: where this page comes from. */
  readonly url?: string;
}

/** Of this tab, so that two tabs of one name are two devices. Survives a reload. */
function tabId(): string {
  const id = sessionStorage.getItem('tab') ?? Math.random().toString(36).slice(2, 10);
  sessionStorage.setItem('tab', id);
  return id;
}

export function openSession({ appId, url = location.origin }: SampleConfig, name: string): HongyanClient {
  const client = new HongyanClient({
    url,
    appId,
    // A real app asks its own server here, which knows who is logged in and signs a token with the app's master key.
    credentials: { clientId: name },
    // Unsent messages and what was seen survive a reload of the page.
    storage: new IndexedDBStorage(`hongyan-sample ${appId} ${name} ${tabId()}`),
    keepSession: true,
    preload: 100,
  });
  client.connect().catch(() => undefined); // refused for good: the `closed` event tells the banner
  return client;
}
