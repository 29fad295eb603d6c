/** All that is taken from a token. */
export interface Caller {
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
}

/** @throws InvalidToken, and PlatformError `unavailable` while the keys cannot be had */
export type VerifyToken = (token: string) => Promise<Caller>;

/** The message says what is wrong with a token, in words that fit a header, and quotes nothing of it. */
export class InvalidToken extends Error {}
