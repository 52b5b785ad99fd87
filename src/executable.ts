#!/usr/bin/env node
import { join } from 'node:path';
import { loadProgram } from './load-program.js';

loadProgram(join(import.meta.dirname, 'program.cjs')).run();
