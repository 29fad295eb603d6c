const AUTHORITY = 'shows a certificate of an authority that is not trusted here';
const HOST = 'has a host name that cannot be found';

/** By code of Node.js, of OpenSSL or of DNS. */
const FAILURES: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  CERT_SIGNATURE_FAILURE: AUTHORITY,
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  CERT_NOT_YET_VALID: 'shows a certificate that is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate of another host name',
  ENOTFOUND: HOST,
  ENODATA: HOST,
  EAI_AGAIN: HOST,
};

/** What a server does that nobody can connect to, for an operator; undefined where its failure tells no more than that. */
export function whyNoConnection(codes: readonly unknown[]): string | undefined {
  return codes.map((code) => FAILURES[String(code)]).find((failure) => failure !== undefined);
}

/** What an error tells of itself. */
export interface Cause {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly type?: unknown;
}

/** An error and what caused it, the outermost first. */
export function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = [];
  for (let each = error; isCause(each) && !causes.includes(each); each = each.cause) causes.push(each);
  return causes;
}

function isCause(error: unknown): error is Cause & { readonly cause?: unknown } {
  return typeof error === 'object' && error !== null && 'name' in error && 'message' in error;
}
