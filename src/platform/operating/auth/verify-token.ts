import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { isUnavailable } from '../../tools/errors.js';
import { InvalidToken, type VerifyToken } from './caller.js';

/** What signatures are made with here; nothing else is ever taken. */
export type SignatureAlgorithm = 'RS256' | 'ES256';

/** The public keys that tokens may be signed with. */
export interface TokenKeys {
  /** Those that the keys are for. */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** The key for a token's header. @throws JOSEError when there is none, PlatformError `unavailable` */
  readonly find: JWTVerifyGetKey;
}

/** Seconds by which the clocks of the issuer and of this process may differ. */
const CLOCK_TOLERANCE = 30;

const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
/** It becomes part of events: no half characters, nothing that does not show, and no more than OpenID Connect allows. */
const SUBJECT = /^[^\p{C}]{1,255}$/u;

/** Holds tokens to a signature by one of the keys, to their issuer and audience, and to their time. */
export function tokenVerifier(keys: TokenKeys, expected: { issuer: string; audience: string }): VerifyToken {
  const options = {
    ...expected,
    algorithms: [...keys.algorithms],
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE,
  };
  return async (token) => {
    if (!JWT.test(token)) throw new InvalidToken('the token is not a JWT');
    const { payload } = await jwtVerify(token, keys.find, options).catch((error: unknown) => {
      if (isUnavailable(error)) throw error;
      throw new InvalidToken(`the token ${whatIsWrong(error, keys.algorithms)}`);
    });
    if (typeof payload.sub !== 'string' || !SUBJECT.test(payload.sub)) {
      throw new InvalidToken('the token has a sub claim that is not 1 to 255 visible characters');
    }
    return { subject: payload.sub, scopes: scopesOf(payload) };
  };
}

function whatIsWrong(error: unknown, algorithms: readonly SignatureAlgorithm[]): string {
  if (error instanceof errors.JWTExpired) return 'has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return whatIsWrongWithClaim(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return `is not signed with ${algorithms.join(' or ')}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'has a signature that is not right';
  if (error instanceof errors.JWKSNoMatchingKey) return 'is signed with a key that is not known';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'does not say which key it is signed with';
  return 'cannot be read';
}

function whatIsWrongWithClaim({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `has no ${claim} claim`;
  if (reason === 'invalid') return `has a wrong ${claim} claim`;
  switch (claim) {
    case 'nbf':
      return 'is not valid yet';
    case 'iss':
      return 'is of another issuer';
    case 'aud':
      return 'is for another audience';
    default:
      return `has a wrong ${claim} claim`;
  }
}

/** `scope` is a text (RFC 8693, RFC 9068); others issue `scp`, a list or a text. */
function scopesOf({ scope, scp }: JWTPayload): Set<string> {
  const texts = [scope, scp].flat().filter((value) => typeof value === 'string');
  return new Set(texts.flatMap((text) => text.split(' ')));
}
