/** The claims that are used of a token. */
export interface Caller {
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  /** Id of the customer that the caller is; undefined without such a claim, and always with AUTH_OWNERSHIP=none. */
  readonly customer?: string;
}

/** @throws InvalidToken, or PlatformError `unavailable` while the signing keys are unavailable */
export type VerifyToken = (token: string) => Promise<Caller>;

/** The message gives the reason without quoting the token, and is safe in a header. */
export class InvalidToken extends Error {}
