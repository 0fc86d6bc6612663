import { CommandType, OpType, type GenericCommand } from '@hongyan/leancloud';

/**
 * Commands of the protocol's other services, and such that need no session: heartbeats, live queries, the device's push
 * channel. They are answered so that clients go on; undefined: it is none of them.
 */
export function answerWithoutSession(command: GenericCommand): GenericCommand | undefined {
  const { cmd, op } = command;
  switch (cmd) {
    case CommandType.echo:
      return { cmd };
    case CommandType.login:
      return {
        cmd: CommandType.loggedin,
        ...senderOf(command),
        ...(command.installationId === undefined ? { loggedinMessage: { pushDisabled: true } } : {}),
      };
    case CommandType.logout:
      return { cmd: CommandType.loggedout, ...senderOf(command) };
    case CommandType.report:
      return { cmd, op: op === undefined ? OpType.uploaded : op + 1 };
    default:
      return undefined;
  }
}

const senderOf = ({ service, installationId }: GenericCommand): GenericCommand => ({
  ...(service === undefined ? {} : { service }),
  ...(installationId === undefined ? {} : { installationId }),
});
