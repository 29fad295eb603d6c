const AUTHORITY = 'shows a certificate of an authority that is not trusted here';
const HOST = 'has a host name that cannot be found';

/** Explanations by error code of Node.js, OpenSSL or DNS. */
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

/** Explains to an operator why a connection failed; undefined if the codes tell nothing more. */
export function whyNoConnection(codes: readonly unknown[]): string | undefined {
  return codes.map((code) => FAILURES[String(code)]).find((failure) => failure !== undefined);
}

/** The message and the code of an error. */
export interface Cause {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly type?: unknown;
  /** The name of an error code of Kafka. */
  readonly apiId?: unknown;
}

/** Returns an error and its causes, outermost first, and those of each error that it stands for. */
export function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = [];
  const add = (each: unknown): void => {
    if (!isCause(each) || causes.includes(each)) return;
    causes.push(each);
    add(each.cause);
    if (Array.isArray(each.errors)) each.errors.forEach(add);
  };
  add(error);
  return causes;
}

function isCause(error: unknown): error is Cause & { readonly cause?: unknown; readonly errors?: unknown } {
  return typeof error === 'object' && error !== null && 'name' in error && 'message' in error;
}
