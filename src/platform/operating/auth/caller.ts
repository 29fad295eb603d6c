/** The claims that are used of a token. */
export interface Caller {
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
}

/** @throws InvalidToken, or PlatformError `unavailable` while the signing keys are unavailable */
export type VerifyToken = (token: string) => Promise<Caller>;

/** The message gives the reason without quoting the token, and is safe in a header. */
export class InvalidToken extends Error {}
