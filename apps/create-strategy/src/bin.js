#!/usr/bin/env node
// The build does not exist when the workspace is installed, and a bin that is not there makes pnpm complain.
import '../dist/cli.js'
