import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** True if the file has at least one PEM certificate and all of them can be parsed. */
export function areCertificates(file: string): boolean {
  try {
    const certificates = readFileSync(file, 'utf8').match(PEM) ?? [];
    return certificates.map((certificate) => new X509Certificate(certificate)).length > 0;
  } catch {
    return false;
  }
}
