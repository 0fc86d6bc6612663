import { AppError, operations } from '@hongyan/protocol';
import { NotFoundException } from '@nestjs/common';
import { TokenBuckets, decodeQuery, inputSchemaOf, parseInput, problemOf, problemSchema } from './index.js';

describe('problems', () => {
  it.each([
    [
      new AppError('conversation_full'),
      { status: 409, code: 1302, name: 'conversation_full', temporary: false },
    ],
    [new AppError('member_required'), { status: 404, name: 'not_found' }],
    [new AppError('rate_limited', { retryAfterMs: 70 }), { status: 429, retryAfterMs: 70 }],
    [new NotFoundException(), { status: 404, name: 'not_found' }],
    [
      Object.assign(new Error('big'), { type: 'entity.too.large', status: 413 }),
      { status: 413, name: 'too_large' },
    ],
    [Object.assign(new Error('bad json'), { status: 400 }), { status: 400, name: 'bad_request' }],
    [new TypeError('secret detail'), { status: 500, name: 'internal', reference: 'r1' }],
    ['thrown text', { status: 500, name: 'internal' }],
  ])('answer %s', (error, expected) => {
    const problem = problemOf(error, 'r1');
    expect(problem).toMatchObject(expected);
    expect(problem.message).not.toContain('secret');
    expect(problemSchema.parse(problem)).toEqual(problem);
  });
});

describe('input', () => {
  it('that is nested too deeply is a bad request', () => {
    const depth = 200_000;
    const deep = JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as unknown;
    const parse = () => parseInput(operations['conversation.create'], { op: 'x', attributes: deep });
    expect(parse).toThrow('nested too deeply');
    expect(parse).toThrow(AppError);
  });
});

describe('query strings', () => {
  const read = (name: keyof typeof operations, query: Record<string, unknown>) =>
    decodeQuery(inputSchemaOf(operations[name]), query);

  it('are read by the schema', () => {
    const query = {
      'before.seq': '5',
      'before.inclusive': 'true',
      types: ['a', 'b'],
      limit: '10',
      direction: 'forward',
      x: '1',
    };
    expect(read('message.history', query)).toEqual({
      before: { seq: 5, inclusive: true },
      types: ['a', 'b'],
      limit: 10,
      direction: 'forward',
    });
    expect(read('message.get', { messages: 'one' })).toEqual({ messages: ['one'] });
    expect(read('conversation.query', { where: '{"a":1}' })).toEqual({ where: { a: 1 } });
  });

  it('leave what cannot be read for the schema to refuse', () => {
    expect(() =>
      parseInput(operations['conversation.query'], read('conversation.query', { where: '{' })),
    ).toThrow(/where/);
    expect(() =>
      parseInput(operations['conversation.query'], read('conversation.query', { limit: 'ten' })),
    ).toThrow(/limit/);
    expect(() =>
      parseInput(operations['conversation.query'], read('conversation.query', { limit: '' })),
    ).toThrow(AppError);
  });
});

describe('rates', () => {
  it('allow a burst, then so many a second, for each key apart', () => {
    let now = 0;
    const buckets = new TokenBuckets(() => now);
    const take = (key: string) => buckets.take(key, 10, 20);
    for (let i = 0; i < 20; i += 1) take('a');
    expect(() => take('a')).toThrow(
      expect.objectContaining({ error: 'rate_limited', retryAfterMs: 100 }) as Error,
    );
    take('b');
    now += 100;
    take('a');
    expect(() => take('a')).toThrow();
    now += 3_600_000;
    take('a');
  });
});
