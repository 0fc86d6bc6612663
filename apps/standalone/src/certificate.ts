import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server as HttpsServer } from 'node:https';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { StandaloneConfig } from '@hongyan/config';
import type { Logger } from '@hongyan/telemetry';
import { StartError } from './start-error.js';

/** How often the files are looked at. */
const lookEveryMs = 2_000;
/** A connection that has not agreed on TLS by then is closed. */
const handshakeTimeoutMs = 10_000;

interface Pems {
  readonly cert: string;
  readonly key: string;
}

/** The certificate of the port, out of two files that may be replaced while the server runs. */
export class Certificate {
  private pems: Pems;

  private constructor(
    /** Absolute. */
    readonly file: string,
    private readonly keyFile: string,
  ) {
    this.pems = this.read();
  }

  /** Undefined: the port speaks no TLS. Throws {@link StartError} when the files do not serve. */
  static from({ tlsCert, tlsKey }: Pick<StandaloneConfig, 'tlsCert' | 'tlsKey'>): Certificate | undefined {
    if (tlsCert === undefined && tlsKey === undefined) return undefined;
    if (tlsCert === undefined || tlsKey === undefined) {
      const [given, missing] =
        tlsKey === undefined ? ['certificate', '--tls-key'] : ['private key', '--tls-cert'];
      throw new StartError(`the TLS ${given} alone is not enough: give ${missing}, too`);
    }
    return new Certificate(resolve(tlsCert), resolve(tlsKey));
  }

  get serverOptions(): Pems & { handshakeTimeout: number } {
    return { ...this.pems, handshakeTimeout: handshakeTimeoutMs };
  }

  /**
   * New connections of `server` get the new certificate soon after the files have changed. Files that do not serve (one
   * of the two was written, not yet the other) change nothing and are told of in the log. Answers how to stop.
   */
  keepFresh(server: HttpsServer, logger: Logger): () => void {
    const renew = () => {
      try {
        const pems = this.read();
        if (pems.cert === this.pems.cert && pems.key === this.pems.key) return;
        server.setSecureContext(pems);
        this.pems = pems;
        logger.info({ what: 'certificate_renewed', validTo: new X509Certificate(pems.cert).validTo });
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        logger.warn({ what: 'certificate_not_renewed' }, `The old certificate stays: ${error.message}`);
      }
    };
    const files = [this.file, this.keyFile];
    for (const file of files) watchFile(file, { interval: lookEveryMs, persistent: false }, renew);
    return () => files.forEach((file) => unwatchFile(file, renew));
  }

  private read(): Pems {
    const cert = readPem(this.file, 'certificate');
    const key = readPem(this.keyFile, 'private key');
    checkPair(parseCertificate(cert, this.file), parseKey(key, this.keyFile), this);
    try {
      createSecureContext({ cert, key });
    } catch (cause) {
      throw new StartError(`the TLS certificate ${this.file} cannot be used (${reasonOf(cause)})`, { cause });
    }
    return { cert, key };
  }
}

function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartError(`the TLS ${what} ${file} cannot be read (${reasonOf(cause)})`, { cause });
  }
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new StartError(`the TLS certificate ${file} is not a certificate in PEM`, { cause });
  }
}

function parseKey(pem: string, file: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const encrypted = pem.includes('ENCRYPTED');
    const reason = encrypted ? 'has a passphrase: store it without' : 'is not a private key in PEM';
    throw new StartError(`the TLS private key ${file} ${reason}`, { cause });
  }
}

function checkPair(
  certificate: X509Certificate,
  key: ReturnType<typeof createPrivateKey>,
  { file }: { file: string },
): void {
  if (!certificate.checkPrivateKey(key))
    throw new StartError(`the TLS private key is not the one of the certificate ${file}`);
}

const reasonOf = (cause: unknown): string =>
  (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
