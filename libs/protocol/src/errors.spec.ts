import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from '../../../tools/errors-page.mjs';
import { AppError, errorTable, toWireError } from './errors.js';

describe('the error table', () => {
  const rows = Object.entries(errorTable);

  it('gives each code once, and a status that fits', () => {
    expect(new Set(rows.map(([, { code }]) => code)).size).toBe(rows.length);
    for (const [name, { code, httpStatus, temporary, text, action }] of rows) {
      expect(name).toMatch(/^[a-z_]+$/);
      expect(code >= 1000 && code < 3000).toBe(true);
      expect(httpStatus >= 400 && httpStatus < 600).toBe(true);
      expect(text.endsWith('.') && action.endsWith('.')).toBe(true);
      if (httpStatus >= 500) expect(temporary).toBe(true);
    }
  });

  it('is what docs/reference/errors.md says; `npm run docs:errors` prints it', () => {
    const page = readFileSync(join(__dirname, '../../../docs/reference/errors.md'), 'utf8');
    expect(page).toBe(errorsPage(errorTable));
  });
});

describe('an error on the wire', () => {
  it('keeps code, detail and hints of a known one', () => {
    const error = new AppError('rate_limited', { detail: 'slower', retryAfterMs: 40 });
    expect(toWireError(error, 'r1')).toEqual({
      code: 1005,
      name: 'rate_limited',
      message: 'slower',
      temporary: true,
      retryAfterMs: 40,
    });
  });

  it('says nothing of an unknown one but where to look', () => {
    const wire = toWireError(new Error('secret'), 'r2');
    expect(wire).toMatchObject({ code: 1000, name: 'internal', reference: 'r2' });
    expect(JSON.stringify(wire)).not.toContain('secret');
  });

  it('does not tell an outsider that something exists', () => {
    const outside = toWireError(new AppError('member_required', { detail: 'conversation c' }), 'r');
    expect(outside).toEqual(toWireError(new AppError('not_found'), 'r'));
  });
});
