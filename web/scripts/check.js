// Everything the pages are checked with short of a browser, cheapest first. `cargo xtask test web` runs it.
import { spawnSync } from 'node:child_process';

const steps = [
  ['client', ['node', 'scripts/client.js', '--check']],
  ['lint', ['npx', 'eslint', '.', '--max-warnings', '0']],
  ['types', ['npx', 'vue-tsc', '--noEmit']],
  ['tests', ['npx', 'vitest', 'run']],
  ['build', ['npx', 'vite', 'build', '--logLevel', 'warn']],
  ['budget', ['node', 'scripts/budget.js']],
];

for (const [name, [program, ...rest]] of steps) {
  console.log(`-- ${name}`);
  const { status } = spawnSync(program, rest, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
