import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** @typedef {{ from?: Date, until?: Date }} Validity */
/** @typedef {{ certificate: string, key: string }} Issued both as PEM */

const ECDSA_WITH_SHA256 = oid('2A8648CE3D040302');
const COMMON_NAME = oid('550403');
const SUBJECT_ALTERNATIVE_NAME = oid('551D11');
const BASIC_CONSTRAINTS = oid('551D13');

const DAY = 86_400_000;

/**
 * A certificate authority for tests: X.509 written out here, so that nothing has to be installed for it.
 * @param {string} name @param {Validity} [validity]
 */
export function createAuthority(name, validity) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = der(0x30, der(0x01, Buffer.of(0xff)));
  /** @param {Buffer} tbs */
  const signed = (tbs) => der(0x30, tbs, der(0x30, ECDSA_WITH_SHA256), bits(sign('sha256', tbs, privateKey)));
  /** @param {string} subject @param {import('node:crypto').KeyObject} key @param {Validity | undefined} valid @param {Buffer} extension */
  const certify = (subject, key, valid, extension) =>
    pem(
      signed(
        der(
          0x30,
          der(0xa0, der(0x02, Buffer.of(2))),
          der(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
          der(0x30, ECDSA_WITH_SHA256),
          distinguishedName(name),
          validityOf(valid),
          distinguishedName(subject),
          key.export({ type: 'spki', format: 'der' }),
          der(0xa3, der(0x30, extension)),
        ),
      ),
    );
  return {
    certificate: certify(name, publicKey, validity, der(0x30, BASIC_CONSTRAINTS, der(0x04, isAuthority))),
    /**
     * A key and a certificate for a server of this host name, or IPv4 address.
     * @param {string} host @param {Validity} [valid] @returns {Issued}
     */
    issue(host, valid) {
      const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const name = isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
      const names = der(0x30, name);
      return {
        certificate: certify(host, server.publicKey, valid, der(0x30, SUBJECT_ALTERNATIVE_NAME, der(0x04, names))),
        key: /** @type {string} */ (server.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      };
    },
  };
}

/** A value of ASN.1 in its distinguished encoding: tag, length, content. @param {number} tag @param {Buffer[]} contents */
function der(tag, ...contents) {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

/** @param {string} hex */
function oid(hex) {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** @param {Buffer} content */
function bits(content) {
  return der(0x03, Buffer.of(0), content);
}

/** @param {string} name */
function distinguishedName(name) {
  return der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name)))));
}

/** From yesterday until next year, unless told otherwise. @param {Validity} [validity] */
function validityOf({ from = new Date(Date.now() - DAY), until = new Date(Date.now() + 365 * DAY) } = {}) {
  const time = (/** @type {Date} */ date) => der(0x18, Buffer.from(date.toISOString().replaceAll(/\.\d+|[-:T]/g, '')));
  return der(0x30, time(from), time(until));
}

/** @param {Buffer} certificate */
function pem(certificate) {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
