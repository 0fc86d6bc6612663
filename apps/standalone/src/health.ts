/** What the server says of itself. Alive: the process answers. Ready: it takes work. */
export class Health {
  private state: 'starting' | 'ready' | 'draining' = 'starting';

  constructor(
    readonly instance: string,
    /** Asks the store something small; rejects when it does not answer. */
    private readonly probe: () => Promise<unknown>,
  ) {}

  get isReady(): boolean {
    return this.state === 'ready';
  }

  ready(): void {
    this.state = 'ready';
  }

  draining(): void {
    this.state = 'draining';
  }

  async check(): Promise<{ ready: boolean; status: string }> {
    if (this.state !== 'ready') return { ready: false, status: this.state };
    try {
      await this.probe();
      return { ready: true, status: 'ready' };
    } catch {
      return { ready: false, status: 'store does not answer' };
    }
  }
}
