import { walkThrough } from './house.ts'

walkThrough('four processes, one for each service', 'apart')
