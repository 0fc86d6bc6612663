/**
 * A network that can be unplugged, to see what the SDK does about it. Imported before the SDK, because the SDK's socket
 * library takes hold of `WebSocket` when it is loaded. A real app has nothing like this.
 */
const open = new Set<WebSocket>();
let unplugged = false;

class UnpluggableWebSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    open.add(this);
    this.addEventListener('close', () => open.delete(this));
    if (unplugged) this.close();
  }
}

globalThis.WebSocket = UnpluggableWebSocket;

export const network = {
  get unplugged(): boolean {
    return unplugged;
  },
  unplug(): void {
    unplugged = true;
    for (const socket of open) socket.close();
  },
  plug(): void {
    unplugged = false;
  },
};
