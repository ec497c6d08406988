#!/usr/bin/env node
// The program that nodes get: `refit host ...` and nothing else, so that it is small there.
import { execute, newProgram } from './execute.ts';
import { addHost } from './host-commands.ts';
import { processIo } from './process-io.ts';

process.exitCode = await execute(
  (io, exit) => {
    const program = newProgram('Refit on a node', io);
    addHost(program, io, exit);
    return program;
  },
  process.argv.slice(2),
  processIo(),
);
