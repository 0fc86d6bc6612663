import { translatedOperations } from '@hongyan/leancloud';
import { operationNames } from '@hongyan/protocol';
import { z } from 'zod';
import { results } from './results.js';

describe('the translation for native readers', () => {
  it('knows every answer that holds messages or conversations', () => {
    const holding = operationNames.filter((name) =>
      /"#\/\$defs\/(?:Message|Entry|Conversation|ListRow)"/.test(
        JSON.stringify(z.toJSONSchema(results[name], { io: 'output' })),
      ),
    );
    expect(holding).toContain('message.history');
    expect([...translatedOperations].sort()).toEqual([...holding].sort());
  });
});
