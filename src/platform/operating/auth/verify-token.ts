import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { isUnavailable } from '../../tools/errors.js';
import { InvalidToken, type VerifyToken } from './caller.js';

/** The only signature algorithms that are accepted. */
export type SignatureAlgorithm = 'RS256' | 'ES256';

/** The public keys that tokens may be signed with. */
export interface TokenKeys {
  /** The algorithms of these keys. */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Returns the key for a token's header. @throws JOSEError if there is none, or PlatformError `unavailable` */
  readonly find: JWTVerifyGetKey;
}

/** Allowed difference between the clocks of the issuer and of this process. */
const CLOCK_TOLERANCE_SECONDS = 30;

const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
/** Subjects become part of events: no lone surrogates, only visible characters, and at most OpenID Connect's length. */
const SUBJECT = /^[^\p{C}]{1,255}$/u;
/** As long as the id of a customer may be in a request. */
const CUSTOMER = /^[^\p{C}]{1,100}$/u;

/** The requirements for a token. */
export interface ExpectedToken {
  readonly issuer: string;
  readonly audience: string;
  readonly requireType?: boolean;
  /** The claim with the id of the customer that the caller is; without it, no caller is a customer. */
  readonly customerClaim?: string | undefined;
}

/** Returns a function that verifies a token's signature, issuer, audience and times. */
export function tokenVerifier(
  keys: TokenKeys,
  { issuer, audience, requireType = false, customerClaim }: ExpectedToken,
): VerifyToken {
  const options = {
    ...{ issuer, audience },
    algorithms: [...keys.algorithms],
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  };
  return async (token) => {
    if (!JWT.test(token)) throw new InvalidToken('the token is not a JWT');
    const { payload, protectedHeader } = await jwtVerify(token, keys.find, options).catch((error: unknown) => {
      if (isUnavailable(error)) throw error;
      throw new InvalidToken(`the token ${describeError(error, keys.algorithms)}`);
    });
    if (!isAccessToken(protectedHeader.typ, payload, requireType))
      throw new InvalidToken('the token is no access token');
    if (typeof payload.sub !== 'string' || !SUBJECT.test(payload.sub)) {
      throw new InvalidToken('the token has a sub claim that is not 1 to 255 visible characters');
    }
    const customer = customerClaim === undefined ? undefined : customerIn(payload[customerClaim]);
    return { subject: payload.sub, scopes: scopesOf(payload), ...(customer !== undefined && { customer }) };
  };
}

/** Any other value is as good as none: such a token is no customer's, but it may be valid for other operations. */
function customerIn(value: unknown): string | undefined {
  return typeof value === 'string' && CUSTOMER.test(value) ? value : undefined;
}

/**
 * RFC 9068 gives access tokens a type. Many issuers give them `JWT` or none, as they give ID tokens, which say to a
 * client who has signed in, and no more. Those are known by claims that only they have (OpenID Connect Core).
 */
function isAccessToken(typ: string | undefined, claims: JWTPayload, requireType: boolean): boolean {
  const type = typ?.toLowerCase().replace(/^application\//, '');
  if (type === 'at+jwt') return true;
  if (requireType || (type !== undefined && type !== 'jwt')) return false;
  return !['nonce', 'at_hash', 'c_hash', 's_hash'].some((claim) => claim in claims);
}

function describeError(error: unknown, algorithms: readonly SignatureAlgorithm[]): string {
  if (error instanceof errors.JWTExpired) return 'has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return describeClaimError(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return `is not signed with ${algorithms.join(' or ')}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'has an invalid signature';
  if (error instanceof errors.JWKSNoMatchingKey) return 'is signed with an unknown key';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'does not name the key it is signed with';
  return 'cannot be read';
}

function describeClaimError({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `has no ${claim} claim`;
  if (reason === 'invalid') return `has an invalid ${claim} claim`;
  switch (claim) {
    case 'nbf':
      return 'is not valid yet';
    case 'iss':
      return 'is from another issuer';
    case 'aud':
      return 'is for another audience';
    default:
      return `has an invalid ${claim} claim`;
  }
}

/** `scope` is a string (RFC 8693, RFC 9068); some issuers use `scp`, a list or a string. */
function scopesOf({ scope, scp }: JWTPayload): Set<string> {
  const values = [scope, scp].flat().filter((value) => typeof value === 'string');
  return new Set(values.flatMap((value) => value.split(' ')));
}
