type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>

/**
 * An element with attributes and children. `true` is an empty attribute; `false`, `null` and `undefined` are none.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value)
  element.append(...children)
  return element
}

/** Sets an attribute as `h` does, and leaves one alone that is right already. */
export function setAttribute(element: Element, name: string, value: Attributes[string]): void {
  if (value === false || value === null || value === undefined) element.removeAttribute(name)
  else {
    const text = value === true ? '' : String(value)
    if (element.getAttribute(name) !== text) element.setAttribute(name, text)
  }
}

/** `0x` and as many digits as an entry has. */
export function hex64(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`
}
