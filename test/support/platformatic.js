/**
 * Returns why the tests with the other client of Kafka cannot run here; undefined if they can.
 * @param {{ node: string }} versions @returns {string | undefined}
 */
export function missingForPlatformatic({ node } = process.versions) {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const runs = major > 24 || (major === 24 && minor >= 6) || (major === 22 && minor >= 22);
  return runs ? undefined : `Node.js 22.22 or 24.6 or later (this is ${node})`;
}
