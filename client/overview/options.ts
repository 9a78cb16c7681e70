import type { EChartsOption, LineSeriesOption } from 'echarts'
import type { Overview } from '../../src/console/overview/protocol'
import type { Palette } from './palette'

type Days = Overview['days']
type Translate = (key: string) => string

/** Additions upwards, deletions downwards, and how many friends that makes. */
export function toGrowth(days: Days, palette: Palette, t: Translate): EChartsOption {
  return {
    ...toBase(days, palette),
    yAxis: [toAxis(palette, 'left'), { ...toAxis(palette, 'right'), scale: true, alignTicks: true }],
    series: [
      bar(t('overview.additions'), palette.success, days.map(day => day.added)),
      bar(t('overview.deletions'), palette.danger, days.map(day => -day.deleted)),
      { ...line(t('overview.friends-line'), palette.primary, days.map(day => day.friends)), yAxisIndex: 1 },
    ],
  }
}

/** How many reject push, and how many changed their mind. */
export function toConsent(days: Days, palette: Palette, t: Translate): EChartsOption {
  return {
    ...toBase(days, palette),
    yAxis: [toAxis(palette, 'left')],
    series: [
      bar(t('overview.allowed-line'), palette.success, days.map(day => day.allowed)),
      { ...line(t('overview.rejected-line'), palette.warning, days.map(day => day.rejected)), areaStyle: { opacity: 0.15 } },
    ],
  }
}

function toBase(days: Days, { text, faint, line, card }: Palette): EChartsOption {
  return {
    aria: { enabled: false },
    animationDuration: 300,
    grid: { left: 4, right: 4, top: 36, bottom: 0, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, itemGap: 16, icon: 'roundRect', textStyle: { color: text } },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: card,
      borderColor: line,
      textStyle: { color: text, fontSize: 13 },
      valueFormatter: value => String(Math.abs(Number(value))),
    },
    xAxis: {
      type: 'category',
      data: days.map(day => day.date.slice(5)),
      axisTick: { show: false },
      axisLine: { onZero: false, lineStyle: { color: line } },
      axisLabel: { color: faint, hideOverlap: true },
    },
  }
}

function toAxis({ faint, line }: Palette, position: 'left' | 'right') {
  return {
    type: 'value' as const,
    position,
    minInterval: 1,
    axisLabel: { color: faint, formatter: (value: number) => String(Math.abs(value)) },
    splitLine: { show: position === 'left', lineStyle: { color: line } },
  }
}

function bar(name: string, color: string, data: number[]) {
  return { type: 'bar' as const, name, data, stack: 'movement', barMaxWidth: 14, itemStyle: { color } }
}

function line(name: string, color: string, data: number[]): LineSeriesOption {
  return { type: 'line', name, data, showSymbol: data.length === 1, symbolSize: 6, lineStyle: { width: 2, color }, itemStyle: { color } }
}
