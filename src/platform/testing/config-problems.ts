import { expect } from '@jest/globals';
import { ConfigError, parseConfig } from '../operating/config/config.js';

/** Returns the message with which these settings are refused. @throws Error if they are valid */
export function configProblems(settings: Record<string, unknown>, modules: readonly string[] = []): string {
  try {
    parseConfig(settings, modules);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('these settings are valid');
}
