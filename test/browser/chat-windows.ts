import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContextOptions, type Locator, type Page, chromium } from 'playwright-core';
import { until } from './until.js';

const screenshots = resolve(__dirname, '../../.cache/screenshots');
const patienceMs = 15_000;

export const launchOptions = {
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } as const;

/** Windows of the chat sample in one Chromium, each a browser profile of its own. */
export class ChatWindows {
  private readonly windows: ChatWindow[] = [];

  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<ChatWindows> {
    mkdirSync(screenshots, { recursive: true });
    return new ChatWindows(await chromium.launch(launchOptions));
  }

  /** The sample as `name` sees it, logged in. */
  async open(url: string, name: string, options: BrowserContextOptions = {}): Promise<ChatWindow> {
    const context = await this.browser.newContext({ viewport: { width: 1200, height: 760 }, ...options });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    const window = new ChatWindow(page, name);
    this.windows.push(window);
    await page.goto(`${url}/sample/?as=${name}`);
    await page.locator('.sidebar .is-online').waitFor();
    return window;
  }

  /** Closes the windows; throws if a script failed in one of them. */
  async closeAll(): Promise<void> {
    const windows = this.windows.splice(0);
    await Promise.all(windows.map(({ page }) => page.context().close()));
    const errors = windows.flatMap(({ name, errors }) => errors.map((error) => `${name}: ${error}`));
    if (errors.length > 0) throw new Error(errors.join('\n'));
  }

  async quit(): Promise<void> {
    await this.browser.close();
  }
}

/** What a person does and sees in one window. */
export class ChatWindow {
  readonly errors: string[] = [];

  constructor(
    readonly page: Page,
    readonly name: string,
  ) {
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  get input(): Locator {
    return this.page.getByRole('textbox', { name: 'Message' });
  }

  get banner(): Locator {
    return this.page.locator('.banner');
  }

  row(title: string): Locator {
    return this.page.getByRole('link', { name: new RegExp(`^${title}\\b`) });
  }

  message(text: string): Locator {
    return this.page.getByRole('article').filter({ hasText: text });
  }

  /** One's own message that got so far. */
  sent(text: string, state: string): Locator {
    return this.page.locator(`article[data-state="${state}"]`).filter({ hasText: text });
  }

  async texts(): Promise<string[]> {
    return this.page.locator('article .text').allTextContents();
  }

  async openRow(title: string): Promise<void> {
    await this.row(title).click();
    await this.page.getByRole('heading', { name: title, exact: true }).last().waitFor();
  }

  async create(kind: 'One person' | 'Group' | 'Room', fields: Record<string, string>): Promise<void> {
    await this.page.getByRole('button', { name: 'New conversation' }).click();
    await this.page.getByRole('radio', { name: kind }).check({ force: true });
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label).fill(value);
    await this.page.getByRole('button', { name: 'Start' }).click();
    await this.input.waitFor();
  }

  async say(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** A button of a message, as the mouse finds it. */
  async tool(text: string, label: string): Promise<void> {
    await this.message(text).locator('.bubble').hover();
    await this.message(text).getByRole('button', { name: label }).click();
  }

  async choose(title: string, choice: string): Promise<void> {
    await this.row(title).click({ button: 'right' });
    await this.page.getByRole('menuitem', { name: choice }).click();
  }

  /** A finger held on a row, and what phones make of it: a `contextmenu` event while it is down, and no click. */
  async longPress(title: string): Promise<void> {
    const row = this.row(title);
    // An event that comes now draws the list anew: the row that was found may be gone when it is measured.
    let box = await row.boundingBox();
    for (let tries = 0; box === null && tries < 20; tries += 1) {
      await row.waitFor({ state: 'visible' });
      box = await row.boundingBox();
    }
    if (box === null) throw new Error(`${title} is not in sight`);
    const at = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
    const devtools = await this.page.context().newCDPSession(this.page);
    const down = this.page.evaluate(
      () => new Promise<void>((resolve) => addEventListener('pointerdown', () => resolve(), { once: true })),
    );
    const held = devtools.send('Input.synthesizeTapGesture', {
      ...at,
      duration: 1_000,
      gestureSourceType: 'touch',
    });
    await down;
    await row.dispatchEvent('contextmenu', { clientX: at.x, clientY: at.y });
    await held;
  }

  /** Exactly these messages, each once, in this order. */
  async shows(...texts: string[]): Promise<void> {
    let seen: string[] = [];
    const same = async (): Promise<boolean> => {
      seen = await this.texts();
      return JSON.stringify(seen) === JSON.stringify(texts);
    };
    await until(`${this.name} sees ${JSON.stringify(texts)}`, same).catch((error: Error) => {
      throw new Error(`${error.message}, but ${JSON.stringify(seen)}`);
    });
  }

  async shoot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' });
  }
}
