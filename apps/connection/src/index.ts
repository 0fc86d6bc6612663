export { ConnectionModule } from './connection.module.js';
export { configureSockets } from './native-socket.adapter.js';
export {
  defaultConnectionOptions,
  type ConnectionOptions,
  type ConnectionParts,
  type ConnectionTelemetry,
} from './connection-parts.js';
export { NativeDoor } from './native-door.js';
