import { EntryDecoder } from './element.ts'

if (!customElements.get('mm-entry-decoder')) customElements.define('mm-entry-decoder', EntryDecoder)
