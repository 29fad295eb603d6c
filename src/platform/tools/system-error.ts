import { getSystemErrorMap } from 'node:util';

/** Returns why an access to a file failed, in the operating system's words and without the path: `permission denied`. */
export function reasonOfSystemError({ message, errno }: NodeJS.ErrnoException): string {
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
