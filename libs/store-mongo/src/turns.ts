/** Lets calls with one key take effect in the order they were made, and others side by side. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key);
    let end = (): void => undefined;
    const mine = new Promise<void>((resolve) => (end = resolve));
    this.last.set(key, mine);
    await before;
    try {
      return await work();
    } finally {
      end();
      if (this.last.get(key) === mine) this.last.delete(key);
    }
  }
}
