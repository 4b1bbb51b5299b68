import { walkThrough } from './house.ts'

walkThrough('all services in one process', 'together')
