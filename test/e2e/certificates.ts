import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A self-signed certificate for this machine, in files of its own in `folder`. */
export function makeCertificate(folder: string, name: string): CertificateFiles {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-days', '2', ...subject, '-keyout', key, '-out', cert);
  return { cert, key };
}

export const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });

/** Every TLS connection of this process trusts the certificate from now on. */
export function trust({ cert }: CertificateFiles): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(cert, 'utf8')]);
}
