"""What is asked of Shopify: these fields and no others; no name, street, telephone number or note is."""

from __future__ import annotations

_M = "{ shopMoney { amount currencyCode } }"

SHOP = """
{
  shop { currencyCode ianaTimezone taxesIncluded }
  currentAppInstallation { accessScopes { handle } }
}
"""
PEOPLE_PROBE = "{ customers(first: 1) { nodes { id defaultEmailAddress { emailAddress } } } }"
FIRST_ORDER = "{ orders(first: 1, sortKey: CREATED_AT) { nodes { createdAt } } }"

_LINE = f"""
  id quantity isGiftCard variant {{ id }} product {{ id }}
  originalTotalSet {_M}
  discountAllocations {{ allocatedAmountSet {_M} }}
  taxLines {{ rate priceSet {_M} }}
"""
_SHIPPING = f"id originalPriceSet {_M} discountedPriceSet {_M} taxLines {{ rate priceSet {_M} }}"
_BUYER = """
  email
  customer { id defaultEmailAddress { emailAddress } }
  billingAddress { countryCodeV2 company }
"""


def _order(people: bool) -> str:
    return f"""
      id createdAt processedAt updatedAt cancelledAt test taxesIncluded
      displayFinancialStatus displayFulfillmentStatus sourceName paymentGatewayNames
      totalPriceSet {_M} totalTaxSet {_M} totalTipReceivedSet {_M}
      originalTotalDutiesSet {_M} originalTotalAdditionalFeesSet {_M}
      shippingAddress {{ countryCodeV2 }}
      refunds {{ id }}
      {_BUYER if people else ""}
    """


def bulk_orders(people: bool) -> str:
    """All orders with their lines; refunds only by id: a bulk query has no connection within a list."""
    return f"""
    {{ orders {{ edges {{ node {{
      {_order(people)}
      lineItems {{ edges {{ node {{ {_LINE} }} }} }}
      shippingLines {{ edges {{ node {{ {_SHIPPING} }} }} }}
    }} }} }} }}
    """


def changed_orders(people: bool) -> str:
    """A page of the orders that changed within a window."""
    return f"""
    query($filter: String!, $first: Int!, $after: String) {{
      orders(first: $first, after: $after, query: $filter, sortKey: UPDATED_AT) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          {_order(people)}
          lineItems(first: 50) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {_LINE} }} }}
          shippingLines(first: 10) {{ nodes {{ {_SHIPPING} }} }}
        }}
      }}
    }}
    """


MORE_LINES = f"""
query($id: ID!, $after: String) {{
  node(id: $id) {{ ... on Order {{
    lineItems(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {_LINE} }} }}
  }} }}
}}
"""
REFUNDS = f"""
query($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on Refund {{
    id createdAt
    refundLineItems(first: 100) {{ nodes {{
      quantity subtotalSet {_M} totalTaxSet {_M}
      lineItem {{ id isGiftCard variant {{ id }} product {{ id }} }}
    }} }}
    refundShippingLines(first: 10) {{ nodes {{ subtotalAmountSet {_M} taxAmountSet {_M} }} }}
    orderAdjustments(first: 10) {{ nodes {{ amountSet {_M} taxAmountSet {_M} }} }}
  }} }}
}}
"""
_CUSTOMER = """
  id createdAt defaultEmailAddress { emailAddress }
  defaultAddress { countryCodeV2 provinceCode company }
"""
BULK_CUSTOMERS = f"{{ customers {{ edges {{ node {{ {_CUSTOMER} }} }} }} }}"
CHANGED_CUSTOMERS = f"""
query($filter: String!, $first: Int!, $after: String) {{
  customers(first: $first, after: $after, query: $filter, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ {_CUSTOMER} }}
  }}
}}
"""


def bulk_variants(inventory: bool) -> str:
    """All variants, with what they cost and what is where, as far as the app may see stock."""
    stock = """
      inventoryItem {
        id tracked unitCost { amount currencyCode } countryCodeOfOrigin harmonizedSystemCode
        measurement { weight { unit value } }
        inventoryLevels { edges { node {
          id location { id } quantities(names: ["on_hand", "committed", "incoming"]) { name quantity }
        } } }
      }
    """
    return f"""
    {{ productVariants {{ edges {{ node {{
      id sku title price createdAt
      product {{ id title status productType }}
      {stock if inventory else ""}
    }} }} }} }}
    """


RUN_BULK = """
mutation($bulk: String!) {
  bulkOperationRunQuery(query: $bulk) { bulkOperation { id status } userErrors { field message } }
}
"""
BULK_STATE = """
query($id: ID!) {
  node(id: $id) { ... on BulkOperation { id status errorCode objectCount url } }
}
"""
