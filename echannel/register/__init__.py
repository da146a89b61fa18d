"""What people note down about an SME, where many small writes by several people at once belong.

Every function takes the SME's id and reads or writes that SME's rows alone.
"""

from echannel.register.database import Register, existing_register, open_register
from echannel.register.dealt import count_open, deal_with, opinions_of
from echannel.register.duties import STATES, duty_states, set_duty_state
from echannel.register.feedback import add_feedback, feedback_of
from echannel.register.prices import add_price, competitor_prices, remove_price
from echannel.register.scenarios import remove_scenario, save_scenario, saved_scenarios

__all__ = [
    "STATES",
    "Register",
    "add_feedback",
    "add_price",
    "competitor_prices",
    "count_open",
    "deal_with",
    "duty_states",
    "existing_register",
    "feedback_of",
    "open_register",
    "opinions_of",
    "remove_price",
    "remove_scenario",
    "save_scenario",
    "saved_scenarios",
    "set_duty_state",
]
