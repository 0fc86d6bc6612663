import {
  type ClientId,
  type ConversationId,
  type MessageId,
  hardLimits,
  isConversationId,
} from '@hongyan/protocol';
import { z } from 'zod';
import { clientId } from './schemas.js';

/**
 * What the command line sends of an app that is taken over from elsewhere. Bodies are JSON of at most {@link importBodyBytes},
 * most of them of 100 KB: only a conversation with thousands of members needs more.
 */
export const importBodyBytes = 16 * 1024 * 1024;

const conversationId = z
  .string()
  .refine(isConversationId, 'a conversation id is 1–64 letters, digits, _, : or -')
  .transform((value): ConversationId => value);
const messageId = z
  .string()
  .regex(/^[\x21-\x7e]{3,64}$/, 'a message id is 3–64 visible ASCII characters')
  .transform((value) => value as MessageId);
const author = z.union([z.literal(''), clientId]) as z.ZodType<ClientId | ''>;
const time = z.int().min(0).max(8.64e15);
const attributes = z.record(z.string(), z.json());
const most = 500;
const clients = z.array(clientId).max(hardLimits.members);

const conversation = z.strictObject({
  id: conversationId,
  kind: z.enum(['ordinary', 'room', 'system', 'thread']),
  name: z.string().max(1_024).optional(),
  attributes,
  columns: attributes.optional(),
  creator: clientId.optional(),
  frozen: z.literal(false),
  audience: z.literal('subscribers').optional(),
  parent: conversationId.optional(),
  uniqueKey: z.string().max(256).optional(),
  createdAt: time,
  updatedAt: time,
});

const version = z.strictObject({
  name: z.string().max(1_024).optional(),
  attributes,
  columns: attributes.optional(),
});

export const importConversationsSchema = z.strictObject({
  items: z
    .array(
      z.strictObject({
        conversation,
        members: z
          .array(
            z.strictObject({
              client: clientId,
              role: z.enum(['owner', 'manager', 'member']),
              muted: z.boolean().optional(),
            }),
          )
          .max(hardLimits.members),
        silenced: clients,
        blocked: clients,
        before: z.array(version).max(10).optional(),
        mutes: z.strictObject({ muted: clients, unmuted: clients }).optional(),
      }),
    )
    .max(most),
});

const message = z
  .strictObject({
    id: messageId,
    time,
    author,
    format: z.enum(['text', 'json', 'binary']),
    type: z.string().min(1).max(32).optional(),
    /** Base64 for `binary`. */
    body: z.string(),
    editedAt: time.optional(),
    recalled: z.boolean().optional(),
    expiresAt: time.optional(),
    everyone: z.boolean().optional(),
  })
  .transform((given) =>
    given.format === 'binary'
      ? { ...given, body: Uint8Array.from(Buffer.from(given.body, 'base64')) }
      : given,
  );

export const importMessagesSchema = z.strictObject({
  items: z
    .array(z.strictObject({ conversation: conversationId, messages: z.array(message).max(2_000) }))
    .max(2_000),
});

export const importSubscribersSchema = z.strictObject({
  conversation: conversationId,
  subscribers: z.array(z.strictObject({ client: clientId, at: time })).max(2_000),
});

export const importUnreadSchema = z.strictObject({
  items: z
    .array(
      z.strictObject({
        conversation: conversationId,
        unread: z
          .array(z.strictObject({ client: clientId, count: z.int().min(0).max(1_000_000) }))
          .max(hardLimits.members),
      }),
    )
    .max(most),
});

const shortText = z.string().max(1_024);
export const importInstallationsSchema = z.strictObject({
  items: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[\x21-\x7e]{1,64}$/, 'an installation id is 1–64 visible ASCII characters'),
        deviceType: shortText.optional(),
        deviceToken: z.string().max(8_192).optional(),
        installationId: shortText.optional(),
        channels: z.array(shortText).max(1_000),
        timeZone: shortText.optional(),
        isValid: z.boolean(),
        updatedAt: time,
        record: z.string().max(100_000),
      }),
    )
    .max(most),
});

export const importDigestsSchema = z.strictObject({ conversations: z.array(conversationId).max(most) });
