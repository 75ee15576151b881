import DemandData
import DemandModel
import Foundation

/// The master files that both kinds of simulated retailer deliver.
enum RetailerFiles {
  static func writeMasters(
    assortment: Assortment, calendar: HolidayCalendar, writer: inout DeliveryWriter
  ) throws {
    try writer.file("products.csv") { buffer in
      buffer.append("product,category,department\n")
      for product in assortment.products {
        let (category, department) = (
          assortment.categories[product.category], assortment.departments[product.department]
        )
        buffer.append("\(product.name),\(category),\(department)\n")
      }
    }
    try writer.file("stores.csv") { buffer in
      buffer.append("store,region\n")
      for store in assortment.stores { buffer.append("\(store.name),\(assortment.regions[store.region])\n") }
    }
    try writer.file("events.csv") { buffer in
      buffer.append("date,event,type,region,closed\n")
      for entry in calendar.entries {
        let kind = calendar.kinds[entry.kind]
        let region = entry.region.map { assortment.regions[$0] } ?? ""
        buffer.append("\(entry.day.iso),\(kind.name),\(kind.type),\(region),\(entry.closed ? 1 : 0)\n")
      }
    }
  }

  static func writeJSON(_ value: some Encodable, to name: String, writer: inout DeliveryWriter) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let data = try encoder.encode(value)
    try writer.file(name) { buffer in
      buffer.append(Array(data))
      buffer.append(10)
    }
  }
}
