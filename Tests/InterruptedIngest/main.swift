import DemandData
import Foundation
import SalesIngest
import SalesStore

// A load in a process of its own, for tests that kill it:
//
//     InterruptedIngest long FOLDER DATABASE
//     InterruptedIngest m5 SALES CALENDAR PRICES DATABASE [STORES [UNTIL]]
//
// The database is a path or a URL. Prints `ready` before the load begins and the summary behind it. Exit code 0 when loaded, 1 when refused.

let arguments = Array(CommandLine.arguments.dropFirst())
let isLong = arguments.first == "long"
guard arguments.count >= (isLong ? 3 : 5) else {
  FileHandle.standardError.write(Data("InterruptedIngest long|m5 FILES... DATABASE\n".utf8))
  exit(64)
}
do {
  let place = arguments[isLong ? 2 : 4]
  let database = place.contains(":") ? try DatabaseURL(place) : DatabaseURL(path: place)
  let store = try openStore(database, mode: .readWrite(create: true), now: Date())
  FileHandle.standardOutput.write(Data("ready\n".utf8))
  let environment = IngestEnvironment(now: { Date() })
  let result =
    if isLong {
      try LongFormatLoad(files: .init(folder: arguments[1])).run(into: store, environment)
    } else {
      try M5Load(
        sales: arguments[1], calendar: arguments[2], prices: arguments[3],
        stores: arguments.count > 5 ? arguments[5].split(separator: ",").map(String.init) : nil,
        until: arguments.count > 6 ? Day(iso: arguments[6]) : nil
      ).run(into: store, environment)
    }
  try store.close()
  FileHandle.standardOutput.write(Data("\(result.record.summary)\n".utf8))
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
