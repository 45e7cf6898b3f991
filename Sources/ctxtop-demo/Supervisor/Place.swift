// Where the demo keeps its database and what ctxtop reads, and how all of it goes at the end, whatever that is.

import CSpawn
import Glibc

/// The directories of one demo.
struct Place {
  /// Database, and what the workers know that they leaked.
  let work: String
  /// What `CTXTOP_DIR` names to the workers' agents.
  let runtime: String

  /// The file of the database.
  var database: String { "\(work)/shop.db" }
  /// The socket that `ctxtop` is given.
  var target: String { "\(runtime)/\(Place.name).sock" }
  /// The app's name.
  static let name = "shop"

  /// Makes the directories. They go with this process, also if it is killed; a directory that `CTXTOP_DIR` names stays.
  init() throws(Trouble) {
    work = try Self.made("work")
    if let given = getenv("CTXTOP_DIR"), given.pointee != 0 {
      runtime = String(cString: given)
    } else {
      runtime = try Self.made("run")
      setenv("CTXTOP_DIR", runtime, 1)
    }
  }

  private static func made(_ purpose: String) throws(Trouble) -> String {
    // Shared memory: what ctxtop reads must lie on tmpfs, and the database need not survive.
    var template = Array("/dev/shm/ctxtop-demo-\(purpose).XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw .call("making a directory in /dev/shm") }
    let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let result = ctxtop_remove_at_end(path)
    guard result == 0 else {
      rmdir(path)
      throw .call("seeing to it that \(path) goes at the end", -result)
    }
    return path
  }
}
