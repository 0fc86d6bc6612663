import type { Input, JsonObject, OperationName } from '@hongyan/protocol';

/** Arguments as they are written, with JSON that is only read. */
export type Given<N extends OperationName> = {
  readonly [K in keyof Input<N>]: K extends 'attributes' | 'columns' | 'where' | 'push'
    ? JsonObject
    : Input<N>[K];
};

/** What is sent in a client's name when its connection is lost without a word. The last one set counts. */
export type WillMessage = Given<'message.send'>;
