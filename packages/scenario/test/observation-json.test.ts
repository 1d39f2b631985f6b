import {
  type Observation,
  ObservationError,
  parseObservation,
  stringifyObservation,
} from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { FOLDERS, recordingNames, recordingText } from './recordings.ts'

const OPERATION = { op: 'freeze', result: { ret: 0 }, faults: [], events: [], files: [], ptes: [], vmas: [] }

/** The complaint about an observation with one operation, whose members `change` replaces. */
function complaint(change: object, head: object = {}): string {
  const observation = {
    scenario: 's',
    kernel: '6.1',
    fs: 'ext4',
    ops: [{ ...OPERATION, ...change }],
    ...head,
  }
  return complaintAbout(JSON.stringify(observation))
}

function complaintAbout(text: string): string {
  try {
    parseObservation(text)
  } catch (error) {
    if (error instanceof ObservationError) return `${error.code} ${error.message}`
    throw error
  }
  return 'nothing is wrong'
}

describe('the recordings', () => {
  it.each(FOLDERS)('of %s come out byte for byte as they went in', (folder) => {
    const names = recordingNames(folder)
    expect(names).toHaveLength(161)
    for (const name of names) {
      const text = recordingText(folder, name)
      expect(stringifyObservation(parseObservation(text))).toBe(text)
    }
  })
})

describe('stringifyObservation', () => {
  it('says the architecture only where there is one', () => {
    const observation: Observation = { scenario: 's', kernel: '6.1', fs: 'ext4', arch: 'arm64-4k', ops: [] }
    const text = stringifyObservation(observation)
    expect(text.split('\n')[0]).toBe(
      '{"scenario":"s","kernel":"6.1","fs":"ext4","arch":"arm64-4k","normal":true,"ops":[',
    )
    expect(parseObservation(text)).toEqual(observation)
    expect(complaint({}, { arch: 7 })).toContain('arch')
  })

  it('writes members in the order of the recordings, whatever order they have', () => {
    const observation: Observation = {
      ops: [
        {
          vmas: [{ len: '0x1000', at: 'm+0x0', name: 'ü', offset: '0x0', perms: 'rw-s' }],
          ptes: [{ frame: 'zero', flags: '0x225', level: 1, at: 'm+0x0' }],
          files: [{ size: 1, blocks: 2, ctime: true, mtime: false, name: 'a' }],
          events: [{ pgoff: '0x0', name: 'dax_load_hole', ret: 'NOPAGE' }],
          faults: [
            { ret: [], pageProt: '0x5', vmFlags: '0x3', flags: [], events: [], error: null, at: 'm+0x0' },
          ],
          result: { notModelled: 'why' },
          op: 'freeze',
        },
      ],
      fs: 'ext4',
      kernel: '6.1',
      scenario: 's',
    }
    expect(stringifyObservation(observation)).toBe(
      '{"scenario":"s","kernel":"6.1","fs":"ext4","normal":true,"ops":[\n' +
        '{"op":"freeze","result":{"notModelled":"why"},"faults":[{"at":"m+0x0","error":null,"events":[],"flags":[],' +
        '"vmFlags":"0x3","pageProt":"0x5","ret":[]}],"events":[{"name":"dax_load_hole","ret":"NOPAGE","pgoff":"0x0"}],' +
        '"files":[{"name":"a","mtime":false,"ctime":true,"blocks":2,"size":1}],"ptes":[{"at":"m+0x0","level":1,' +
        '"flags":"0x225","frame":"zero"}],"vmas":[{"perms":"rw-s","offset":"0x0","name":"\\u00fc","at":"m+0x0",' +
        '"len":"0x1000"}]}\n]}\n',
    )
  })

  it('leaves out what a refused fault does not have', () => {
    const faults = [{ at: 'm+0x0', error: '0x6', events: [], flags: undefined, ret: undefined }]
    const ops = [{ ...OPERATION, faults }]
    const text = stringifyObservation({ scenario: 's', kernel: '6.1', fs: 'ext4', ops })
    expect(text).toContain('"faults":[{"at":"m+0x0","error":"0x6","events":[]}]')
  })
})

describe('parseObservation refuses', () => {
  it.each([
    [
      'a cut-off file',
      complaintAbout('{"scenario":"s",\n"ops":['),
      /^OBSERVATION_NOT_JSON line 2, column 8: found the end of the text, expected JSON/,
    ],
    [
      'other text',
      complaintAbout('{\n  "ops": nothing'),
      /^OBSERVATION_NOT_JSON observation: found other text, expected JSON; the file is cut off/,
    ],
    ['a list', complaintAbout('[]'), /^OBSERVATION_SHAPE observation: found '\[\]', expected an object/],
    [
      'a missing member',
      complaintAbout('{}'),
      /^OBSERVATION_SHAPE scenario: found nothing, expected the member scenario/,
    ],
    [
      'raw addresses',
      complaint({}, { normal: false }),
      /^OBSERVATION_SHAPE normal: found 'false', expected true; record again/,
    ],
    [
      'an unknown member',
      complaint({ colour: 1 }),
      /^OBSERVATION_SHAPE ops\[0\]\.colour: found '1', expected no such member/,
    ],
    [
      'no result',
      complaint({ result: null }),
      /^OBSERVATION_SHAPE ops\[0\]\.result: found 'null', expected an object/,
    ],
    [
      'two results',
      complaint({ result: { ret: 0, errno: 'EIO' } }),
      /ops\[0\]\.result: .* expected one of ret, errno/,
    ],
    [
      'a false skip',
      complaint({ result: { skipped: false } }),
      /ops\[0\]\.result\.skipped: found 'false', expected true/,
    ],
    [
      'half a number',
      complaint({ result: { ret: 0.5 } }),
      /ops\[0\]\.result\.ret: found '0.5', expected a whole number/,
    ],
    [
      'an event without name',
      complaint({ events: [{ at: 'm' }] }),
      /ops\[0\]\.events\[0\]\.name: found nothing/,
    ],
    [
      'an event with structure',
      complaint({ events: [{ name: 'x', at: {} }] }),
      /ops\[0\]\.events\[0\]\.at: found '\{\}'/,
    ],
    [
      'flags that are no list',
      complaint({ faults: [{ at: 'm', error: null, events: [], flags: 'W' }] }),
      /ops\[0\]\.faults\[0\]\.flags: found '"W"', expected a list/,
    ],
  ])('%s', (_, message, expected) => {
    expect(message).toMatch(expected)
  })
})
