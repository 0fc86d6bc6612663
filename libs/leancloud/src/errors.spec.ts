import { AppError, errorTable, type ErrorName } from '@hongyan/protocol';
import { codeNameOf, codes, type Context, leanCloudError, LeanCloudError } from './errors.js';

const contexts: readonly Context[] = [
  'session', 'send', 'conv', 'update', 'query', 'logs', 'patch', 'silence', 'block',
]; // prettier-ignore

describe('errors', () => {
  it('has a code for each refusal in each context', () => {
    for (const context of contexts)
      for (const name of Object.keys(errorTable) as ErrorName[]) {
        const { code, reason } = leanCloudError(new AppError(name), context);
        expect([name, codes[reason as keyof typeof codes]]).toEqual([name, code]);
      }
  });

  it.each([
    ['not_found', 'conv', 4303],
    ['not_found', 'send', 4401],
    ['member_required', 'send', 4401],
    ['member_required', 'logs', 4312],
    ['member_required', 'conv', 4317],
    ['expired', 'send', 4303],
    ['silenced', 'send', 4563],
    ['role_required', 'silence', 4320],
    ['owner_required', 'conv', 4324],
    ['blocked', 'conv', 4548],
    ['conversation_full', 'conv', 4304],
    ['session_expired', 'session', 4112],
    ['token_invalid', 'session', 4112],
    ['session_conflict', 'session', 4111],
    ['signature_invalid', 'session', 4102],
    ['signature_invalid', 'conv', 4302],
    ['signature_invalid', 'block', 4546],
    ['not_author', 'patch', 4403],
    ['edit_disabled', 'patch', 4406],
    ['recall_disabled', 'patch', 4407],
    ['too_large', 'send', 4109],
    ['rate_limited', 'send', 4116],
  ] as const)('%s in %s is %i', (name, context, code) => {
    expect(codes[codeNameOf(name, context)]).toBe(code);
  });

  it('passes the code and text of an app’s own hook through', () => {
    const refusal = new AppError('rejected_by_hook', { detail: 'no', hook: { code: 77, text: 'not today' } });
    expect(leanCloudError(refusal, 'send')).toEqual({
      code: 4402,
      reason: 'MESSAGE_REJECTED_BY_APP',
      detail: 'no',
      appCode: 77,
      appMsg: 'not today',
    });
  });

  it('tells nothing of unknown errors but where to look', () => {
    expect(leanCloudError(new Error('secret'), 'conv', 'ab12')).toEqual({
      code: 4300,
      reason: 'CONVERSATION_INTERNAL_ERROR',
      detail: 'reference ab12',
    });
    expect(leanCloudError(new LeanCloudError('NORMAL_CONVERSATION_REQUIRED'), 'conv')).toEqual({
      code: 4314,
      reason: 'NORMAL_CONVERSATION_REQUIRED',
    });
  });
});
