import type { Theme } from 'vitepress'
// The theme without its web font: text is set in what the system has.
import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'

export default { extends: DefaultTheme } satisfies Theme
