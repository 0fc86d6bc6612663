import { HongyanClient } from '@hongyan/sdk';

/** A native client that keeps up with a busy app. Whoever asks for it closes it. */
export async function nativeClient(url: string, appId: string, clientId: string): Promise<HongyanClient> {
  const client = new HongyanClient({
    url,
    appId,
    credentials: { clientId },
    maxGap: 100_000,
    maxQueue: 10_000,
  });
  await client.connect({ timeoutMs: 10_000 });
  return client;
}
