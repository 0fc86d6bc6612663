import { z } from 'zod';
import { setting } from './schema.js';

const port = z.coerce.number().int().min(0).max(65_535);

/** Everything the process *standalone* can be told. Names, defaults, bounds and meaning are here and nowhere else. */
export const standaloneSchema = z.object({
  data: setting(z.string().min(1).default('./data'), {
    env: 'HONGYAN_DATA',
    description: 'The data folder: database, keys and the operator token. Made when it is missing.',
  }),
  host: setting(z.string().min(1).default('127.0.0.1'), {
    env: 'HONGYAN_HOST',
    description:
      'The address to listen on. `0.0.0.0` for all; give it a certificate then, or put a TLS proxy in front.',
  }),
  port: setting(port.default(7788), {
    env: 'HONGYAN_PORT',
    description: 'The port for clients, the server REST API and operators. 0 takes a free one.',
  }),
  tlsCert: setting(z.string().min(1).optional(), {
    env: 'HONGYAN_TLS_CERT',
    description:
      'File with the certificate (PEM, followed by its intermediates): the port speaks TLS. Read again when it changes.',
  }),
  tlsKey: setting(z.string().min(1).optional(), {
    env: 'HONGYAN_TLS_KEY',
    description: 'File with the private key of the certificate (PEM, without a passphrase).',
  }),
  publicUrl: setting(z.url({ protocol: /^https?$/ }).optional(), {
    env: 'HONGYAN_PUBLIC_URL',
    description:
      'How clients reach this server, when that is not its own address (a proxy in front, a name in the certificate).',
  }),
  secretKey: setting(z.string().optional(), {
    env: 'HONGYAN_SECRET_KEY',
    description:
      'Seals the master keys of apps: 32 bytes as 64 hexadecimal digits or base64. Without it the key is kept in `secret.key` in the data folder.',
    secret: true,
  }),
  previousSecretKey: setting(z.string().optional(), {
    env: 'HONGYAN_SECRET_KEY_PREVIOUS',
    description: 'The secret key of before, while it is being changed: opens what it sealed.',
    secret: true,
  }),
  operatorToken: setting(z.string().min(16).optional(), {
    env: 'HONGYAN_OPERATOR_TOKEN',
    description:
      'What operators present to `/admin/v1`. Without it a token is made and kept in `operator.token` in the data folder.',
    secret: true,
  }),
  privateUrls: setting(z.stringbool().default(false), {
    env: 'HONGYAN_PRIVATE_URLS',
    description:
      'Whether URLs in apps’ settings (key sets, verifiers) may be http and lead to this machine or private networks.',
  }),
  logLevel: setting(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'), {
    env: 'HONGYAN_LOG_LEVEL',
    description: 'The least important log line that is written.',
  }),
  logFormat: setting(z.enum(['auto', 'json', 'pretty']).default('auto'), {
    env: 'HONGYAN_LOG_FORMAT',
    description: 'JSON lines or short readable ones; `auto` is readable on a terminal.',
  }),
  metricsPort: setting(port.default(0), {
    env: 'HONGYAN_METRICS_PORT',
    description: 'The port on which Prometheus finds `/metrics`. 0: no metrics.',
  }),
  metricsHost: setting(z.string().min(1).default('127.0.0.1'), {
    env: 'HONGYAN_METRICS_HOST',
    description: 'The address of the metrics port. It tells of no tenant, but is not for the public.',
  }),
  traces: setting(z.stringbool().default(false), {
    env: 'HONGYAN_TRACES',
    description:
      'Whether spans are sent to an OpenTelemetry collector, named by the standard `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  }),
  traceRatio: setting(z.coerce.number().min(0).max(1).default(0.01), {
    env: 'HONGYAN_TRACE_RATIO',
    description: 'The share of commands that are traced when the caller does not decide it.',
  }),
  drainSeconds: setting(z.coerce.number().min(0).max(600).default(10), {
    env: 'HONGYAN_DRAIN_SECONDS',
    description: 'At the end, how long requests and connections under way may take before they are cut.',
  }),
  reconnectSpreadSeconds: setting(z.coerce.number().min(0).max(600).default(2), {
    env: 'HONGYAN_RECONNECT_SPREAD_SECONDS',
    description:
      'At the end clients are told to come back after a time drawn from this span, so that they do not come at once.',
  }),
});

export type StandaloneConfig = Readonly<z.output<typeof standaloneSchema>>;
