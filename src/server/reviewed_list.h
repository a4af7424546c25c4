// The list of logs for a viewer about whom clusters are asked (AccessReviews).
#pragma once

#include "server/answer.h"
#include "server/list_parameters.h"

namespace tailrace {

struct Call;

/// Of GET /api/v1/logs.
Answer ListAnswerJson(const ListAnswer& list);

/// Answers with what the viewer may see of what is wanted. Where a namespace has to be asked
/// about first, it is read again once the answers are there; what nobody can tell about is left
/// out.
void AnswerReviewedList(const Call& call, ListParameters wanted);

}  // namespace tailrace
