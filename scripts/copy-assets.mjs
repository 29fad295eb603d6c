// The compiler leaves out what is not TypeScript; what is read at run time goes along.
import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';

for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.json')) cpSync(path.join('src', file), path.join('dist', file));
}
