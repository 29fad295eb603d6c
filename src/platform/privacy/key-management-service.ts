/**
 * A service that keeps a key encryption key, such as Vault, AWS KMS or Google Cloud KMS. A master key that it has
 * encrypted is a line in the file of master keys. The service decrypts each of these lines once, at start; then the master
 * keys are in memory, and it is asked for no person.
 */
export interface KeyManagementService {
  /**
   * Returns the value for the line, which begins with the name of the service and a colon.
   * @throws PlatformError `unavailable`, with the reason and without a secret
   */
  encrypt(bytes: Buffer): Promise<string>;
  /** @throws PlatformError `unavailable`, with the reason and without a secret */
  decrypt(value: string): Promise<Buffer>;
}
