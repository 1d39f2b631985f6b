#!/usr/bin/env node
import { defineCommand, runMain } from 'citty'

await runMain(defineCommand({ meta: { name: 'mm-model', version: '0.0.0' } }))
