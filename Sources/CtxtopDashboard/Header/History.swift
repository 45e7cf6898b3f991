// Numbers over time: of the service and of its workers always, of any other row since its detail was opened first.
//
// What must hold: what is kept is bounded, and a snapshot changes it in place. Full, it is 26 kB for the service,
// 17 kB for a worker (4.3 MB for 256 of them, 17.2 MB for the most that are remembered), and at most 10 kB for each
// of 32 other rows. A pause holds a second one of the same size.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// What is remembered.
package struct History: Sendable {
  /// Workers beyond this number are not remembered.
  package static let workerLimit = 1_024
  /// Rows of other kinds; one more makes that which was opened first forgotten.
  package static let rowLimit = 32

  /// When the snapshots were.
  package private(set) var timeline = Timeline()
  /// The service's numbers: see `ServiceNumber`.
  package private(set) var service = Series(width: ServiceNumber.allCases.count)
  private var workers: [WorkerKey: Process] = [:]
  private var rows: [RowIdentity: Series] = [:]
  /// Those rows, in the order in which they were opened first.
  private var opened: [RowIdentity] = []

  /// A worker's numbers, and which process they are of.
  private struct Process {
    var pid: Int32
    var numbers = Series(width: WorkerNumbers.columns.count)
  }

  /// Nothing yet.
  package init() {}

  /// Adds a snapshot, which came at a time of the operator's clock, after so many that did not come: these are a gap.
  package mutating func append(_ model: Model, at time: UInt64, missed: Int = 0) {
    if missed > 0 { leaveGap(missed, until: time) }
    timeline.append(time)
    service.append { ServiceNumber.allCases[$0].value(of: model) }
    appendWorkers(of: model)
    for identity in opened {
      let values = RowNumbers.values(of: identity, in: model)
      // What has left has a gap from then on.
      rows[identity]?.append { values?[$0] }
    }
  }

  /// From now on the numbers of a row are remembered.
  package mutating func track(_ identity: RowIdentity, in model: Model) {
    switch identity {
    case .worker, .target: return
    default: break
    }
    guard rows[identity] == nil, let values = RowNumbers.values(of: identity, in: model) else { return }
    if opened.count >= History.rowLimit { rows[opened.removeFirst()] = nil }
    opened.append(identity)
    var series = Series(width: values.count)
    series.append { values[$0] }
    rows[identity] = series
  }

  /// The numbers of a row; nil: they are not remembered.
  package func series(of identity: RowIdentity) -> Series? {
    if case .worker(let slot, let generation) = identity {
      return workers[WorkerKey(slot: slot, generation: generation)]?.numbers
    }
    return rows[identity]
  }

  /// The latest values of a number of the service.
  package func values(of number: ServiceNumber, last: Int = Series.capacity) -> [Double?] {
    service.values(of: number.rawValue, last: last)
  }

  /// All values of a number of the service in so many columns, each the greatest of its time. A column keeps its
  /// place until the next is full: a chart that moves every second is all that an idle screen would write.
  package func columns(of number: ServiceNumber, _ width: Int) -> [Double?] {
    let earlier = service.recorded - service.count
    return Chart.resampled(values(of: number), earlier: earlier, into: width, leastStep: 2).values
  }

  /// More than there is room for would leave nothing but the gap, too.
  private mutating func leaveGap(_ missed: Int, until time: UInt64) {
    guard let latest = timeline.latest else { return }
    let missed = min(missed, Series.capacity)
    let step = Moment.between(latest, time) / UInt64(missed + 1)
    for number in 1...missed {
      timeline.append(latest + UInt64(number) * step)
    }
    service.leaveGap(missed)
    for key in workers.keys { workers[key]?.numbers.leaveGap(missed) }
    for identity in opened { rows[identity]?.leaveGap(missed) }
  }

  private mutating func appendWorkers(of model: Model) {
    let present = min(model.now.workers.count, History.workerLimit)
    model.forEachWorkersNumbers(limit: present) { key, pid, numbers in
      let place = workers.index(forKey: key)
      if let place, workers.values[place].pid == pid {
        workers.values[place].numbers.append { numbers[$0] }
      } else {
        if place != nil { forgetPredecessor(key) }
        var process = Process(pid: pid)
        process.numbers.append { numbers[$0] }
        workers[key] = process
      }
    }
    guard workers.count > present else { return }
    let keys = Set(model.now.workers.prefix(present).map(\.key))
    workers = workers.filter { keys.contains($0.key) }
  }

  /// A server that was restarted counts its slots anew: then what was remembered is not of the worker that has the
  /// slot now.
  private mutating func forgetPredecessor(_ key: WorkerKey) {
    for identity in opened where identity.workerKey == key { rows[identity] = nil }
    opened.removeAll { $0.workerKey == key }
  }
}
