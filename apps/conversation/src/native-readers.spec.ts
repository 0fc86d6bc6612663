import { operationsWithMessages } from '@hongyan/leancloud';
import { operationNames } from '@hongyan/protocol';
import { z } from 'zod';
import { results } from './results.js';

describe('the translation for native readers', () => {
  it('knows every answer that holds messages', () => {
    const holding = operationNames.filter((name) =>
      /"#\/\$defs\/(?:Message|Entry)"/.test(JSON.stringify(z.toJSONSchema(results[name], { io: 'output' }))),
    );
    expect(holding).toContain('message.history');
    expect([...operationsWithMessages].sort()).toEqual([...holding].sort());
  });
});
